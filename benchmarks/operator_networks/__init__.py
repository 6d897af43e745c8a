"""Small networks of one to four operators, drawn by seeds, that try every attribute of Paddle's."""
