"""JavaScript codecs a site has added: run apart from everything else, their keys mapped by a table."""
