/** What needs a Kafka or a Cassandra, and leaves them as they were: one start of each serves all. */
// The first counts the series of a broker that has only its own topic.
import './shared/prometheus';
import './shared/local-cloud';
import './shared/event-source';
import './view-store/aggregate';
import './view-store/layers';
import './view-store/partitioner';
import './view-store/store';
import { endSharedEngines } from './support/shared-engines';

jest.setTimeout(180_000);
afterAll(endSharedEngines);
