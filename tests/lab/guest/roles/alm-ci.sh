. "${0%/*}/common.sh"
chown gbuser /opt/gbo/logs
standin alm-ci-runner runner forgejo-runner 'User=gbuser'
# The guide asks for a daily cleanup of the build caches.
install -d -o gbuser /home/gbuser/.cargo/registry
head -c 3145728 /dev/urandom >/home/gbuser/.cargo/registry/cache.bin
