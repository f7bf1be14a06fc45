"""brand-monitor: watches brand news and reports what changed, each with the sentence that says so."""
