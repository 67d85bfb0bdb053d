"""What shells read at their start so that holds work in them: texts, for ours may be a zip."""
