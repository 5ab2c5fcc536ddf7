"""Your account: name, e-mail, password, sessions and tokens of the person who is signed in."""
