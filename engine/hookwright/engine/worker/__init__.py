"""The worker: claims what is due, makes the calls, tells the notices, settles the outcomes."""
