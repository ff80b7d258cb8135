"""A bank's statement: read line by line as its columns were described, and each line judged against the payments that are awaited."""
