"""The page: the history in a browser, and the same as JSON, CSV and Atom.

    request ─► guard (host, password, token, same origin) ─► a page ─► questions in a thread, read-only ─► template

app         which address is answered by what; made by `application(site)`, served by `serving`
site        what the page needs of the program around it: the history to read, who writes, the clock
guard       who may read and write, the headers of every answer       entering  token, password
looking     front, brand, change, claim, document, source             charts    what the charts draw
lists       every list: filters, rows, entries of its feed            listing   lists and SQL in all forms
operations  /healthz and /metrics
writing     reviews and checks                                        describing  OpenAPI
asking      what an address asks for     reading  questions in threads     answers  templates, JSON, refusals
"""
