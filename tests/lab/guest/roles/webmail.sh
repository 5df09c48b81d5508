. "${0%/*}/common.sh"
standin webmail roundcube roundcube
