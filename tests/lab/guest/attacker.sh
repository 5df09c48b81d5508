#!/bin/sh
# A routed neighbour inside the guest: the only place test traffic comes from.
set -e
ip netns list | grep -qw attacker && exit 0
ip netns add attacker
ip link add attacker0 type veth peer name eth0 netns attacker
ip addr add 10.99.0.1/24 dev attacker0
ip link set attacker0 up
ip -n attacker link set lo up
ip -n attacker addr add 10.99.0.2/24 dev eth0
ip -n attacker link set eth0 up
ip -n attacker route add default via 10.99.0.1
