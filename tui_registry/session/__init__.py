"""What the console connects to, and as whom: profiles, credentials, the embedded registry."""
