# lists nothing: bad.c is an unlisted file
