"""What a run gave, told to a person (one page) and to a program (one document).

Values flow one way here too: `reading` makes `Evidence` of a run's folder, `sections` make a
`Document` of that, and `formats` write the document. Sections know numbers and sentences, and
formats know how these are shown; so nothing is said on the page that is not in the document.
"""
