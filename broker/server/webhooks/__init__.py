"""News, sent to addresses that the operator has configured."""
