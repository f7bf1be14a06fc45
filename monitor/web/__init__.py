"""The page: the history in a browser, and the same as JSON, CSV and Atom.

app         routes, middleware; made by `application(site)`
site        what the page needs to know of the program around it
guard       who may read and write: hosts, password, token, same origin; the headers of every answer
reading     questions to the history in threads, each with a connection of its own and a time limit
forms       one answer in the form that is asked for
"""
