"""The engine every operation passes: plan, guards, approval, lock, execution, verification, undo, journal."""
