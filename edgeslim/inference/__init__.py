"""Models shown a user's own pictures: what they say, and boxes drawn where they find something."""
