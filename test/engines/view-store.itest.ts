/** What needs a Cassandra with the tables, and leaves it as it was: one start, which takes ten seconds, serves all. */
import './view-store/aggregate';
import './view-store/layers';
import './view-store/partitioner';
import './view-store/store';
