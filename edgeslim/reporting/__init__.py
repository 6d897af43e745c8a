"""Reports of a run: one page for people, or one document for programs.

Values flow one way: `read_run` makes `Evidence` of a run's folder, `sections` make a
`ReportDocument` of that, and `formats` write the document. Sections know numbers and sentences, and
formats know how these are shown; so nothing is on the page that is not in the document.
"""
