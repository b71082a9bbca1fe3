"""More than one process, on one machine or many: reading, training and searching on Ray.

Nothing else imports it, and it needs ``pip install 'lenet[scale]'``.
"""
