"""What `serve.py` writes into a site beside copies: files that are made from others."""
