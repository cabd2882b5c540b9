# Pools and the checker process.
