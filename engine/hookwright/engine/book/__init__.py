"""The bookkeeper: writes the history, answers for every open delivery, closes batches, tells of failures."""
