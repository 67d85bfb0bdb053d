"""The one protocol of all three links: messages, codec, link and streams. Pure, and Python 3.9."""
