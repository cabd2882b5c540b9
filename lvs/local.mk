# lvs
