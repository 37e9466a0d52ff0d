"""The studio: a web page to paint layouts on, and the server that makes the pictures. `app.create_app` starts here.

The browser owns the document. The server is a worker without sessions: it holds decoded photos and runs jobs; killed
and started again, it is told everything anew by the page.
"""

__all__: list[str] = []
