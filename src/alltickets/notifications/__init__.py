"""Notifications: what buyers, and those who wait for places, are written to.

It owns mails, from the event that calls for one to the mail server's answer, and where answers to them go. It publishes nothing and
listens to orders (paid, expired, cancelled, money that came too late, holders corrected, withdrawals), to payments (pending, failed,
refunded), to tickets (new codes) and to marketing (`PlacesFreed`).
"""
