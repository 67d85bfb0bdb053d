"""The broker's pages, API and websockets: one port."""
