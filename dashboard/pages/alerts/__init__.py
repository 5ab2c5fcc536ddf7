"""What may interrupt a person, and when: their preferences, their quiet hours, and the form for both."""
