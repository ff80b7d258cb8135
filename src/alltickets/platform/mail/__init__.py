"""Mail: a message put together (`message.py`), a mail server that takes it (`smtp.py`), a folder in its place (`mailbox.py`)."""
