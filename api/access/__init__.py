"""Who may see and do what: tokens, screens, sign-in, and the rule of every route."""
