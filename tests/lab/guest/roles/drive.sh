. "${0%/*}/common.sh"
standin minio minio minio
