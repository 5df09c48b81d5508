. "${0%/*}/common.sh"
standin table-editor nocodb nocodb
