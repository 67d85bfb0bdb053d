"""The customer's view of a recorded terminal: keys, notices, panels. A process of their own."""
