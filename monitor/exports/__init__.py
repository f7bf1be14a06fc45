"""The history's rows as other programs and people read them: JSON, CSV, Atom, cells of text.

What the command line writes and what the page answers is made here, once. Knows no command and no web request.
"""
