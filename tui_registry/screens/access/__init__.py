"""The screens of users, groups, tokens and permissions."""
