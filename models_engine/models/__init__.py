from models_engine.models.prediction import Prediction

__all__ = ["Prediction"]
