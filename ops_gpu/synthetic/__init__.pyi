from .demo import DemoData as DemoData
from .oracle import Oracle as Oracle
from .settings import DemoSettings as DemoSettings
