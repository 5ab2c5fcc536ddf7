"""An index to find tasks by the words of their names, by the beginnings of these words."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations
from django.db.models import Func, Q, Value
from django.db.models.functions import Left

NAME_WORDS = SearchVector(
    Func(Left("name", 200), Value("[^[:alnum:]]+"), Value(" "), Value("g"), function="regexp_replace"), config="simple"
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("marcus_events", "0038_daily_counts")]

    operations = [AddIndexConcurrently("task", GinIndex(NAME_WORDS, name="task_words", condition=Q(to_position=None)))]
