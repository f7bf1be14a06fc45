"""What other programs watch, read from their files, to become sources of this one.

found      what was found: addresses to watch, and what could not be carried over
opml       feed readers      jobs  urlwatch and webchanges      watches  changedetection.io      formats  which is which
additions  new sources into the config, which stays as it is otherwise
"""
