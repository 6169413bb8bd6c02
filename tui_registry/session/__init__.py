"""Where the console connects to, and with what right: profiles, credentials, the embedded registry."""
