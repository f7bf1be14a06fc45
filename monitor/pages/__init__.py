"""What a web page says about itself: its characters, its lines, its dates, its metadata, and whether it is one at all.

Pure readings of bytes and HTML that scrapers and parser share. Nothing here fetches, stores or reads facts.
"""
