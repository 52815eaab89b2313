from explain.models.attribution import Attribution

__all__ = ["Attribution"]
