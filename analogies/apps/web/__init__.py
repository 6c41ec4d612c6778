"""A page to paint in: the program in a browser, on the machine where it runs."""
