# vrrp
