/**
 * Faults planted in the product, one at a time, to see whether the simulation finds them. Each takes away one condition of a write, one
 * order of effects, one reload, one bound or one decision to repeat. None is found by the compiler, and few by the unit tests.
 *
 * They were chosen before the simulation existed. Who replaces code replaces its mutations one for one. A mutation that is not found is
 * a hole in the simulation. The code before the fix of each fault of meaning belongs here, too: it is added together with the fix.
 */
export interface Mutation {
  /** What the product does with it, as a sentence. */
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Which invariant breaks, and under what. */
  readonly why: string;
  /** What stands before it so that no seed finds it, and which unit test does. @default - a seed finds it */
  readonly unseen?: string;
}

const aggregate: readonly Mutation[] = [
  {
    name: 'The record at the end of the chain is appended again.',
    file: 'lambda/aggregate/core.ts',
    find: 'if (record.offset <= offset) {',
    replace: 'if (record.offset < offset) {',
    why: 'counted once: a batch is redelivered with the last record of the one before',
  },
  {
    name: 'A bad record does not move the interval of its partition.',
    file: 'lambda/aggregate/core.ts',
    find: 'interval = nextInterval(interval, record.timestamp, schema.intervalMinutes);',
    replace:
      "if (decodeRecord(record, isRead).kind !== 'bad') interval = nextInterval(interval, record.timestamp, schema.intervalMinutes);",
    why: 'layers agree: the log cuts at the first late record, whatever it is, and a clock that is behind follows it',
  },
  {
    name: 'The newest append time decides the interval of a record, and never an earlier one.',
    file: 'lambda/domain/intervals.ts',
    find: 'return Math.max(previous, intervalOf(timestamp, intervalMinutes));',
    replace: 'return intervalOf(timestamp, intervalMinutes);',
    why: 'layers agree: after a change of leader the clock steps back over the end of an interval',
  },
  {
    name: 'A delta goes on behind the end of an interval.',
    file: 'lambda/aggregate/core.ts',
    find: '!part || part.interval !== interval || part.posts.isFull',
    replace: '!part || part.posts.isFull',
    why: 'layers agree: a batch crosses the end of an interval',
  },
  {
    name: 'The last arrival of a section counts, not the first.',
    file: 'lambda/domain/recent-posts.ts',
    find: 'const all: Partial<Record<Section, SectionColumns>> = { ...sections };',
    replace: `const all: Partial<Record<Section, SectionColumns>> = {};
    for (const { waiting } of this.groups) Object.assign(all, waiting.get(index));
    return { ...all, ...sections };`,
    why: 'layers agree: a client repeats a section with other values, together with a new section',
  },
  {
    name: 'A second section replaces what an incomplete post had stored of the first.',
    file: 'lambda/domain/recent-posts.ts',
    find: 'group.waiting.set(index, { ...group.waiting.get(index), ...pick(sections, news, this.columns) });',
    replace: 'group.waiting.set(index, pick(sections, news, this.columns));',
    why: 'counted once: the three sections of a post arrive one by one, and a view reads the first and the last',
  },
  {
    name: 'A partition remembers every post.',
    file: 'lambda/aggregate/folding.ts',
    find: 'remembered: remembered.slice(-1 - horizon),',
    replace: 'remembered,',
    why: 'bounded state: it grows until it does not fit in memory, and then the partition stands still',
  },
  {
    name: 'A partition remembers the posts of the newest interval only.',
    file: 'lambda/domain/recent-posts.ts',
    find: 'this.groups = [...this.groups, group].slice(-1 - this.horizon);',
    replace: 'this.groups = [group];',
    why: 'counted once: a section comes again in the next interval',
  },
  {
    name: 'A partition remembers posts that the batch layer has forgotten.',
    file: 'lambda/domain/recent-posts.ts',
    find: 'this.forget(horizonStart(interval, this.hours));',
    replace: '',
    why: 'no drift is reported where none is: an instance lives longer than the rows of what it remembers',
    unseen: 'sections come so far apart only where a record was in quarantine (unit test: recent-posts)',
  },
  {
    name: 'A column that a delta does not have is passed over, not null.',
    file: 'lambda/domain/post-columns.ts',
    find: 'const codes = column.codes.fill(rows);\n      const from = other.columns.get(name);\n      if (!from) continue;',
    replace:
      'const from = other.columns.get(name);\n      if (!from) continue;\n      const codes = column.codes.fill(column.codes.length + other.rows);',
    why: 'answers are right: a view with another column is deployed within an interval, and deltas of both versions are folded',
  },
  {
    name: 'An interval in which the views were changed is compared if the change was before the newest fold.',
    file: 'lambda/formats/speed-head.ts',
    find: 'views === schema.fingerprint ? head.wholeFrom : head.interval + intervalMinutes * MINUTE',
    replace: 'head.wholeFrom + 0 * MINUTE',
    why: 'no drift is reported where none is: a view is added within an interval',
  },
  {
    name: 'An interval in which the views were changed is compared if the change was behind the newest fold.',
    file: 'lambda/aws/keyspaces/speed-chain.ts',
    find: 'deltas.filter(({ views }) => views !== fingerprint)',
    replace: 'deltas.filter(({ views }) => views !== fingerprint && views.length === 0)',
    why: 'no drift is reported where none is: a view is added within an interval',
  },
  {
    name: 'Runs of a view are found by its name alone.',
    file: 'lambda/formats/speed-run.ts',
    find: "`${view.name}-${fingerprintOf(view).toString('hex')}`",
    replace: "view.name + (fingerprintOf(view).length < 0 ? '-' : '')",
    why: "answers come: the order of a view's dimensions is changed, and the rows of before can't be decoded",
  },
  {
    name: 'A run of another definition of its view is read.',
    file: 'lambda/aws/keyspaces/view-runs.ts',
    find: 'if (!pointer || !isOfDefinition(view, pointer.version)) return undefined;',
    replace: 'if (!pointer) return undefined;',
    why: "answers come: the order of a view's dimensions is changed, and the rows of before can't be decoded",
  },
  {
    name: 'The chain does not say in which interval it ends.',
    file: 'lambda/aggregate/handler.ts',
    find: 'interval: intervalOfEnd(chain),',
    replace: 'interval: 0 * intervalOfEnd(chain),',
    why: 'layers agree: a batch begins between a late record and one of a clock that is behind',
  },
  {
    name: 'What is half applied stays in the memory of the instance.',
    file: 'lambda/aggregate/handler.ts',
    find: 'cache.delete(id);',
    replace: '',
    why: 'counted once: a write fails, the same instance gets the batch again and takes its posts for repeated ones',
  },
  {
    name: 'The head is written before the runs that it names.',
    file: 'lambda/aggregate/fold.ts',
    find: `  await writeRuns(store, key, folding, options);
  if (folding.written.size < schema.views.length) return 'more';
  await writePosts(store, key, folding, schema, count);
  const head = { ...headAfter(chain.head, folding.fold, horizon), wholeFrom: wholeFrom(chain, schema) };`,
    replace: `  const head = { ...headAfter(chain.head, folding.fold, horizon), wholeFrom: wholeFrom(chain, schema) };
  const early = { foldedTo: head.foldedTo, state: encodeHead(head, schema) };
  if (!(await store.casHead(key, chain.stored ? chain.head.foldedTo : undefined, early))) return undefined;
  await writeRuns(store, key, folding, options);
  await writePosts(store, key, folding, schema, count);
  if (head) return { head, stored: true, deltas: chain.deltas.filter(({ from }) => from > head.foldedTo) };`,
    why: 'counted once: a function that ends in between has noted the deltas as folded, and no run has them',
  },
  {
    name: 'What was written of one fold is taken for written of the next.',
    file: 'lambda/aggregate/handler.ts',
    find: 'const begun = warm.folding && isSameFold(warm.folding.fold, next);',
    replace: 'const begun = warm.folding !== undefined || isSameFold(next, next) === false;',
    why: 'layers agree: there was no time for all views of a fold, and another instance went on with it',
  },
  {
    name: 'A fold for whose views there was no time is done.',
    file: 'lambda/aggregate/fold.ts',
    find: "if (folding.written.size < schema.views.length) return 'more';",
    replace: '',
    why: 'layers agree: the store is slow, and some views have no run',
  },
  {
    name: 'Posts of what is folded are not stored.',
    file: 'lambda/aggregate/fold.ts',
    find: 'for (const waiting of waitingPosts(posts, schema.waiting)) {',
    replace: 'for (const waiting of [...waitingPosts(posts, schema.waiting)].slice(1)) {',
    why: 'counted once: an instance starts after a fold, and a section comes again',
  },
  {
    name: "A place of the chain that another writer took is taken for one's own.",
    file: 'lambda/aggregate/handler.ts',
    find: 'if (!(await store.appendLog(key, { from, to, interval, asOf, posts }))) {',
    replace: 'if (!(await store.appendLog(key, { from, to, interval, asOf, posts })) && from < 0) {',
    why: 'counted once: an abandoned invocation appends fewer records where its successor appends more',
  },
  {
    name: 'What was folded since by others is not taken note of.',
    file: 'lambda/aggregate/handler.ts',
    find: 'if (interval < known.head.interval) continue;',
    replace: 'if (interval >= known.head.interval) continue;',
    why: 'counted once: two instances take turns, and a section comes again after a fold of the other',
  },
  {
    name: 'A partition whose write failed does not stop the batch.',
    file: 'lambda/aggregate/handler.ts',
    find: 'aggregate({ topic, partition }, records));',
    replace: 'aggregate({ topic, partition }, records).catch(() => undefined));',
    why: 'counted once: a write times out, and the batch is committed without it',
  },
  {
    name: 'Deltas that are folded count beside their run.',
    file: 'lambda/aws/keyspaces/speed-chain.ts',
    find: 'warm.filter(({ from }) => from > head.foldedTo)',
    replace: 'warm.filter(({ from }) => from > head.foldedTo || from > 0)',
    why: 'counted once: a warm query function read the deltas before they were folded',
  },
  {
    name: 'A warm instance goes on behind rows that have expired.',
    file: 'lambda/aws/keyspaces/speed-chain.ts',
    find: 'again?.from === newest.from && again.to === newest.to',
    replace: 'again?.from !== undefined || newest.from >= 0',
    why: 'counted once: after a time to live without a post, a cold instance appends in the place of rows that a warm one knows',
    unseen:
      'no answer promises what has expired, and only a redelivery at that moment counts twice (unit test: aggregate/handler)',
  },
  {
    name: 'The run of an interval counts before the head says that it is closed.',
    file: 'lambda/aws/keyspaces/speed-reader.ts',
    find: 'oldest <= head.closed ? await closedRuns(store, key, view, oldest, Math.min(newest, head.closed)) : [];',
    replace: 'await closedRuns(store, key, view, oldest, newest);',
    why: 'counted once: a query while an interval is folded, or after the function ended in the middle of it',
  },
  {
    name: 'Of an interval that is over, runs of its tiers are forgotten.',
    file: 'lambda/aggregate/folding.ts',
    find: 'return { interval, closes: true, runs: head.runs, deltas: ofInterval, run: { tier: 0, from, to } };',
    replace: 'return { interval, closes: true, runs: [], deltas: ofInterval, run: { tier: 0, from, to } };',
    why: 'layers agree',
  },
  {
    name: 'A joined view counts a post again with a section that the view does not read.',
    file: 'lambda/domain/post-columns.ts',
    find: '(known[row] & mask) === mask && (news[row] & mask) !== 0',
    replace: '(known[row] & mask) === mask && news[row] !== 0',
    why: 'counted once: pin and geo are here, and the user comes later',
  },
  {
    name: 'Of keys with equal values a trimmed view retains those that come last.',
    file: 'lambda/domain/sorted-run.ts',
    find: 'b.value - a.value || i - j).slice',
    replace: 'b.value - a.value || j - i).slice',
    why: 'layers agree: two posters have the same number of followers, and one place is left',
  },
  {
    name: 'A canary is decoded as a post.',
    file: 'lambda/domain/decode.ts',
    find: 'if (Object.hasOwn(record.headers, CANARY_HEADER)) return decodeCanary(record.headers[CANARY_HEADER]);',
    replace: '',
    why: 'nothing is quarantined that no client sent, and the canary of the speed layer stays young while it works',
  },
];

const archive: readonly Mutation[] = [
  {
    name: 'The archive answers before its object is stored.',
    file: 'lambda/archive/handler.ts',
    find: "await deps.store.put(key, body, { contentType: 'application/zstd' });",
    replace: "void deps.store.put(key, body, { contentType: 'application/zstd' }).catch(() => undefined);",
    why: 'nothing acknowledged is lost: the write fails or the instance is frozen, and the batch is not delivered again',
  },
  {
    name: 'The archive stores the lines of bad records before their bytes.',
    file: 'lambda/archive/handler.ts',
    find: `    await mapConcurrently(quarantine, CONCURRENT_PUTS, ({ key, body }) =>
      deps.store.put(key, body, { contentType: 'application/json' }),
    );
    let bytes = 0;
    let written = 0;
    await mapConcurrently(objects, CONCURRENT_PUTS, async ({ key, ndjson, posts }) => {
      const body = await compress(ndjson, RAW_COMPRESSION);
      await deps.store.put(key, body, { contentType: 'application/zstd' });
      bytes += body.length;
      written += posts;
    });`,
    replace: `    let bytes = 0;
    let written = 0;
    await mapConcurrently(objects, CONCURRENT_PUTS, async ({ key, ndjson, posts }) => {
      const body = await compress(ndjson, RAW_COMPRESSION);
      await deps.store.put(key, body, { contentType: 'application/zstd' });
      bytes += body.length;
      written += posts;
    });
    await mapConcurrently(quarantine, CONCURRENT_PUTS, ({ key, body }) =>
      deps.store.put(key, body, { contentType: 'application/json' }),
    );`,
    why: 'at every moment a line that says "bad" has its bytes in quarantine: the function ends in between',
  },
  {
    name: 'Concurrent work passes over what failed.',
    file: 'lambda/runtime/concurrent.ts',
    find: 'errors.push(error);',
    replace: 'void error;',
    why: 'nothing acknowledged is lost: S3 fails one object of a batch, and the others let the batch pass',
  },
  {
    name: 'An object that begins before the interval is not found.',
    file: 'lambda/aws/lake.ts',
    find: 'rawStartAfter(topic, partition, from - RAW_LOG.largestBatch);',
    replace: 'rawStartAfter(topic, partition, from);',
    why: 'liveness: a batch crosses the end of an interval, and the next one is never complete in the archive',
  },
  {
    name: 'An object that reaches beyond the interval is read to its end.',
    file: 'lambda/domain/ranges.ts',
    find: 'const end = Math.min(item.to, to);',
    replace: 'const end = item.to;',
    why: 'counted once: a batch crosses the end of an interval, and its last records are in both',
  },
];

const seal: readonly Mutation[] = [
  {
    name: 'A heartbeat record counts as late, whatever the clock of its broker says.',
    file: 'lambda/seal/handler.ts',
    find: 'if (logAppendTime >= end) return;',
    replace: 'if (logAppendTime > 0) return;',
    why: 'layers agree: a broker is behind, and records of the sealed interval are still appended after its end',
  },
  {
    name: 'Seal does not wait until each partition has a record after the end.',
    file: 'lambda/seal/handler.ts',
    find: 'await passEnd(upTo, patience, heartbeats);',
    replace: 'void passEnd;',
    why: 'layers agree: a partition without a late record, whose broker is behind, gets one of the sealed interval later',
  },
  {
    name: 'Seal does not wait for the archive.',
    file: 'lambda/seal/handler.ts',
    find: 'await awaitArchive(seal, patience);',
    replace: '',
    why: 'at every moment the archive holds each offset of a sealed interval: archive is behind',
  },
  {
    name: 'Seal forgets what an earlier run sealed and did not publish.',
    file: 'lambda/seal/handler.ts',
    find: 'const left = newest ? await seals.unpublished(newest) : [];',
    replace: 'const left: Seal[] = [];',
    why: 'liveness: a run dies after sealing, and no later interval can be published',
  },
  {
    name: 'Seal does not write down which heartbeat records it wrote.',
    file: 'lambda/seal/handler.ts',
    find: 'if (heartbeats.length > 0) await deps.store.put(heartbeatsKey, serializeHeartbeats(known), JSON_TYPE);',
    replace: '',
    why: 'an idle pipeline does no work: the next run takes them for records, and writes others behind them',
  },
  {
    name: 'Of several intervals that are due the newest is sealed first.',
    file: 'lambda/seal/core.ts',
    find: `    await search(low, middle);
    await search(middle, high);`,
    replace: `    await search(middle, high);
    await search(low, middle);`,
    why: 'liveness: after an outage each interval needs the one before it, and the chain has no link to it',
  },
  {
    name: 'A record of the first millisecond after an interval belongs to it.',
    file: 'lambda/seal/handler.ts',
    find: 'await kafka.offsetsAt(topic, intervalEnd(interval, intervalMinutes));',
    replace: 'await kafka.offsetsAt(topic, intervalEnd(interval, intervalMinutes) + 1);',
    why: 'layers agree: a record is appended exactly at the end',
  },
  {
    name: 'Seal looks for the end of the chain in the last intervals only.',
    file: 'lambda/seal/ports.ts',
    find: 'if (start === 0) return undefined;',
    replace: 'return undefined;',
    why: 'liveness: after a longer pause the chain begins anew, and the boundary does not move to it',
  },
];

const compact: readonly Mutation[] = [
  {
    name: 'A summary is written before the incomplete posts of its interval.',
    file: 'lambda/compact/partition.ts',
    find: `    await store.upload(outputs.incompletePosts, incompletePostsKey(interval, partition));
    const { rows, duplicates, accepted, repeated, quarantined, controlRecords } = counts;
    const summary: PartitionSummary = {
      ...range,
      rows,
      bytes,
      sha256,
      rawObjects: inputs.sources.length,
      duplicates,
      accepted,
      repeated,
      quarantined,
      controlRecords,
      inputs: inputs.hash,
      ...(plan !== undefined && { plan }),
    };
    // After its files: commit takes it for the word that they are there.
    await store.put(summaryKey(interval, partition), serialize(summary), { contentType: 'application/json' });`,
    replace: `    const { rows, duplicates, accepted, repeated, quarantined, controlRecords } = counts;
    const summary: PartitionSummary = {
      ...range,
      rows,
      bytes,
      sha256,
      rawObjects: inputs.sources.length,
      duplicates,
      accepted,
      repeated,
      quarantined,
      controlRecords,
      inputs: inputs.hash,
      ...(plan !== undefined && { plan }),
    };
    // After its files: commit takes it for the word that they are there.
    await store.put(summaryKey(interval, partition), serialize(summary), { contentType: 'application/json' });
    await store.upload(outputs.incompletePosts, incompletePostsKey(interval, partition));`,
    why: 'liveness: the function ends in between, and the next interval never finds what it builds on',
  },
  {
    name: 'The dedup index of an interval stays on the disk of the call.',
    file: 'lambda/compact/partition.ts',
    find: 'await store.upload(outputs.dedupIndex, dedupIndexKey(interval, partition));',
    replace: '',
    why: 'counted once: the next call counts a repeated post again',
  },
  {
    name: 'The oldest interval of the horizon is not remembered.',
    file: 'lambda/compact/inputs.ts',
    find: "const startAfter = first.slice(0, first.lastIndexOf('.'));",
    replace: 'const startAfter = first;',
    why: 'counted once: a post is repeated almost at the end of the horizon',
  },
  {
    name: 'A repeated compaction takes its own posts for repeated ones.',
    file: 'lambda/compact/inputs.ts',
    find: 'if (key >= end) break;',
    replace: 'if (key > end) break;',
    why: 'nothing is lost: a function ends after its dedup index and before its summary, or an operator asks for the interval again',
  },
  {
    name: 'A partition that has no task of its own is never compacted.',
    file: 'lambda/compact/handler.ts',
    find: 'each.partition % of === task',
    replace: 'each.partition === task',
    why: 'liveness: partitions were added, and the flow has as many tasks as before',
  },
  {
    name: 'Each attempt compacts from the first interval on.',
    file: 'lambda/compact/handler.ts',
    find: 'if (isValid(await storedSummary(store, inputs.interval, partition), inputs, forcedBy)) continue;',
    replace: '',
    why: 'liveness: a backlog that takes longer than one call is never through',
  },
];

const publish: readonly Mutation[] = [
  {
    name: 'The boundary moves before the days and months that it completes are rolled up.',
    file: 'lambda/publish/handler.ts',
    find: `      await writeRollUps(completedBy(each, intervalMinutes));
      await move(each);`,
    replace: `      await move(each);
      await writeRollUps(completedBy(each, intervalMinutes));`,
    why: 'answers are right at every moment: a question in between, or a function that ends, misses a whole day',
  },
  {
    name: 'An interval is marked as published before the boundary has passed it.',
    file: 'lambda/publish/handler.ts',
    find: '    for (const each of moves) {',
    replace: `    await mark(intervals);
    for (const each of moves) {`,
    why: 'liveness: a run dies in between, and no later one takes the interval up again',
  },
  {
    name: 'The boundary moves from wherever it stands.',
    file: 'lambda/publish/handler.ts',
    find: ': await store.moveBoundary(topic, from, to, deps.now());',
    replace: ': await store.moveBoundary(topic, (await store.readBoundary(topic))!.interval, to, deps.now());',
    why: 'the boundary only moves forward: an invocation is frozen before its move, and others go on meanwhile',
  },
  {
    name: 'An interval that is published again leaves its day as it was.',
    file: 'lambda/publish/core.ts',
    find: 'days: startOfDay(interval) + DAY <= served ? [dayName(interval)] : [],',
    replace: 'days: [],',
    why: 'what is erased is gone from all answers: the interval is of a day that is over',
  },
  {
    name: 'A day that ends with an interval is not rolled up with it.',
    file: 'lambda/publish/core.ts',
    find: 'day + DAY <= until',
    replace: 'day + DAY < until',
    why: 'answers are right: the day is read from a row that nobody writes',
  },
  {
    name: 'A move of the boundary completes only what ends after the start of its target.',
    file: 'lambda/publish/core.ts',
    find: 'const after = move.from === undefined ? move.to : intervalEnd(move.from, intervalMinutes);',
    replace: 'const after = move.to;',
    why: 'answers are right: no post arrives around midnight, so the move goes from one day into the next',
  },
  {
    name: 'Publish takes views of another list of views.',
    file: 'lambda/aws/views.ts',
    find: 'return done.definition === sha256(viewsAsJson(views)) ? done : undefined;',
    replace: 'return done;',
    why: 'answers are right: the view list is deployed between the views engine and publish',
  },
  {
    name: 'Publish takes views of an earlier manifest.',
    file: 'lambda/aws/views.ts',
    find: '?.manifest === manifest;',
    replace: ' !== undefined;',
    why: 'what is erased is gone: publish is repeated after an interval was compacted again and before its views were computed',
    unseen:
      'within a run the views follow the manifest, and the lease ends a run that another one overtakes (unit test: run)',
  },
  {
    name: 'A run that a pointer row names is deleted after an hour.',
    file: 'lambda/publish/runs.ts',
    find: 'if (!named) {',
    replace: 'if (named || !named) {',
    why: 'answers are right: a view has so many keys that its run stands in chunks',
  },
];

const reconcile: readonly Mutation[] = [
  {
    name: 'Reconcile does not wait for the speed layer.',
    file: 'lambda/reconcile/handler.ts',
    find: 'await waitForSpeed(ranges, patience);',
    replace: '',
    why: 'no drift is reported where none is: the speed layer is behind by an outage',
  },
  {
    name: 'Reconcile compares when the speed layer lacks one record.',
    file: 'lambda/reconcile/core.ts',
    find: '(applied.get(partition) ?? -1) < to - 1',
    replace: '(applied.get(partition) ?? -1) < to - 2',
    why: 'no drift is reported where none is: the last record of an interval is a batch of its own',
  },
  {
    name: 'Reconcile compares with speed rows that are past their time to live.',
    file: 'lambda/reconcile/core.ts',
    find: 'return interval - MOST_AHEAD + speedTtl <= now;',
    replace: 'return interval + speedTtl < 0 && now < 0;',
    why: 'no drift is reported where none is: an operator asks for an old range again',
  },
  {
    name: 'Reconcile does not trim what the partitions add up to.',
    file: 'lambda/reconcile/handler.ts',
    find: 'return trimRun(view, mergeRuns(view, runs));',
    replace: 'return mergeRuns(view, runs);',
    why: 'no drift is reported where none is: the partitions together have more keys than the view retains',
  },
  {
    name: 'An older interval that is compared again is noted as the newest.',
    file: 'lambda/reconcile/handler.ts',
    find: '(before ?? -Infinity) > newest || ',
    replace: '',
    why: 'the newest reconciled interval only moves forward: an operator asks for a range',
  },
  {
    name: 'Who was frozen overwrites the newest reconciled interval.',
    file: 'lambda/reconcile/handler.ts',
    find: '(await store.putDrift(topic, drift, before, newest))',
    replace: '(await store.putDrift(topic, drift, (await store.readBoundary(topic))!.reconciledInterval, newest))',
    why: 'the newest reconciled interval only moves forward: an instance thaws between its read and its write',
    unseen: 'about one seed in 5,000 has it, 8084 for one (unit test: reconcile/handler)',
  },
  {
    name: 'What is reconciled stays to be done.',
    file: 'lambda/formats/plan.ts',
    find: 'plan.unreconciled.filter((interval) => !intervals.includes(interval))',
    replace: 'plan.unreconciled',
    why: 'bounded state, and an idle pipeline does no work: each run compares all intervals of the past',
  },
];

const query: readonly Mutation[] = [
  {
    name: 'Both layers answer for the newest published interval.',
    file: 'lambda/query/core.ts',
    find: "const unserved = selection.layer === 'merged' ? served :",
    replace: "const unserved = selection.layer === 'merged' ? (published?.boundary ?? -Infinity) :",
    why: 'counted once in each answer',
  },
  {
    name: 'Query does not look one interval ahead.',
    file: 'lambda/query/core.ts',
    find: 'const newest = intervalEnd(intervalEnd(intervalOf(clock.now, intervalMinutes), intervalMinutes), intervalMinutes);',
    replace: 'const newest = intervalEnd(intervalOf(clock.now, intervalMinutes), intervalMinutes);',
    why: 'the answer holds what was appended: the clock of a broker is ahead at the end of an interval',
  },
  {
    name: 'A warm instance answers from rows of any age.',
    file: 'lambda/query/reader.ts',
    find: 'if (!found || found.until <= options.now()) {',
    replace: 'if (!found) {',
    why: 'what is erased is gone from all answers: the same question, before and after',
  },
  {
    name: 'A range that ends within a day is read from the whole day.',
    file: 'lambda/domain/periods.ts',
    find: 'const fits = (end: number) => end <= to && end <= published;',
    replace: 'const fits = (end: number) => end <= published;',
    why: 'answers are right for every range',
  },
  {
    name: 'A page goes on to the last row.',
    file: 'lambda/query/pages.ts',
    find: 'if (first.length === limit || (first.length > 0 && bytes > MOST_BYTES * share)) return',
    replace: 'if (first.length === Infinity) return',
    why: 'bounded answers: more rows than were asked for, in the end more than a function may return',
  },
];

const ingest: readonly Mutation[] = [
  {
    name: 'A record that Kafka did not take is acknowledged.',
    file: 'lambda/ingest/responses.ts',
    find: "if (!ack?.ok) return { kind: 'unacknowledged', key: item.key };\n  const { partition, offset } = ack;",
    replace:
      "if (!ack) return { kind: 'unacknowledged', key: item.key };\n  const { partition, offset } = ack as { partition: number; offset: number };",
    why: 'nothing acknowledged is lost: a leader fails',
  },
  {
    name: 'A rejected record shifts the acknowledgements of those behind it.',
    file: 'lambda/ingest/handler.ts',
    find: 'outcomeOf(item, item.ok ? acks[next++] : undefined)',
    replace: 'outcomeOf(item, acks[next++])',
    why: 'nothing acknowledged is lost: a request with a rejected record, of which one leader takes its part and another does not',
  },
  {
    name: 'Ingest accepts a canary that Kafka did not take.',
    file: 'lambda/ingest/handler.ts',
    find: 'if (ack.ok) return json(202, { partition: ack.partition, offset: ack.offset });',
    replace: 'return json(202, {});',
    why: 'nothing acknowledged is lost, canaries included: the canary reports a failed check when a leader fails',
  },
  {
    name: 'The canary takes any response for success.',
    file: 'lambda/canary/handler.ts',
    find: 'if (statusCode !== expected) throw',
    replace: 'if (statusCode === undefined) throw',
    why: 'an outage of ingest is reported: it responds with 503, and the canary counts no failed check',
  },
  {
    name: 'A producer session goes on after a failure.',
    file: 'lambda/aws/kafka/batching-producer.ts',
    find: 'if (current === mine) void endSession();\n      for',
    replace: 'for',
    why: 'nothing acknowledged is lost: the next batch repeats a sequence number, and the broker takes it for stored (unit test: batching-producer)',
  },
];

const plan: readonly Mutation[] = [
  {
    name: 'A run that died holds its lease for ever.',
    file: 'lambda/formats/plan.ts',
    find: 'plan.run !== run && plan.leaseUntil > now;',
    replace: 'plan.run !== run && now > 0;',
    why: 'liveness: a run ends without releasing the lease',
  },
  {
    name: 'A run takes the lease though another one holds it.',
    file: 'lambda/aws/plan.ts',
    find: 'if (isHeldByAnother(plan, run, now())) throw new SupersededError(plan);',
    replace: '',
    why: 'only the holder of a lease runs, until it ends: runs overlap and take each other the plan away',
  },
  {
    name: 'A superseded run changes the plan of its successor.',
    file: 'lambda/aws/plan.ts',
    find: 'if (plan?.run !== run) throw new SupersededError(plan);',
    replace: 'if (!plan) throw new SupersededError(plan);',
    why: 'only the holder of a lease runs: a frozen step wakes and notes its own progress for the intervals of another run',
  },
  {
    name: 'A new plan forgets what an earlier one did not reconcile.',
    file: 'lambda/formats/plan.ts',
    find: 'unreconciled: plan?.unreconciled ?? [],',
    replace: 'unreconciled: [],',
    why: 'each published interval is reconciled once: a run dies between publish and reconcile',
  },
  {
    name: 'A step begins units as long as any time is left.',
    file: 'lambda/runtime/budget.ts',
    find: 'allows: () => last === undefined || now() + last <= end,',
    replace: 'allows: () => last === undefined || now() - last < end,',
    why: 'a step ends within its budget, plus one unit if that is the first',
  },
];

/** Faults of meaning that stand in the code: what the mutation will do once they are fixed, and under what it is found. */
export const AFTER_THEIR_FIX: readonly Pick<Mutation, 'name' | 'why'>[] = [
  {
    name: 'A row that outgrows its limit stops its partition.',
    why: 'liveness: a client sends thousands of categories, or names that fill the state',
  },
];

/** The code before the fixes of faults of meaning. */
const fixed: readonly Mutation[] = [
  {
    name: 'Names are compared code point by code point.',
    file: 'lambda/domain/sections/text.ts',
    find: "(COMPOSABLE.test(text) ? text.normalize('NFC') : text);",
    replace: 'text;',
    why: 'what is erased is gone: the same name in another Unicode form',
  },
  {
    name: 'Replay lets the section be guessed.',
    file: 'tools/operate/replay/replay.ts',
    find: 'rawPath: `/${section}`,',
    replace: "rawPath: section === '' ? '/' : '/posts',",
    why: 'liveness: a quarantined geo with a title of its own is replayed',
  },
  {
    name: 'Offsets of another topic of the same name are taken for those of this one.',
    file: 'lambda/seal/handler.ts',
    find: 'if (!other) return;',
    replace: 'if (!other || other) return;',
    why: 'nothing acknowledged is lost: the topic is made anew',
  },
  {
    name: 'Another topic of the same name is noticed only while it is shorter.',
    file: 'lambda/seal/handler.ts',
    find: ' ?? ofAnotherLog(seal, await endOf(interval))',
    replace: '',
    why: 'nothing acknowledged is lost: the topic is made anew, and grows beyond what was sealed before the next run',
  },
  {
    name: 'A page lacks what has expired since the first one.',
    file: 'lambda/query/handler.ts',
    find: '(isGone || cursor.version !== version)',
    replace: '(cursor.version !== version)',
    why: 'each row once, or 410: a client comes back for the next page after the time to live of speed rows',
  },
  {
    name: 'A cursor of another definition of its view is taken.',
    file: 'lambda/query/handler.ts',
    find: "${fingerprintOf(view).toString('base64url')} ",
    replace: '',
    why: "each row once: the order of a view's dimensions is changed between two pages, before anything is published",
  },
  {
    name: 'An answer is as of the newest record of any partition.',
    file: 'lambda/query/core.ts',
    find: 'Math.min(...known)',
    replace: 'Math.max(...known)',
    why: 'asOf is honest: one partition is behind',
  },
  {
    name: 'An interval of control records alone is an interval.',
    file: 'lambda/seal/handler.ts',
    find: 'if (areHeartbeats(open, known)) {',
    replace: 'if (areHeartbeats(open, known) && open.length < 0) {',
    why: 'an idle pipeline does no work',
  },
];

const formats: readonly Mutation[] = [
  {
    name: 'Another interval length is taken for the stored one.',
    file: 'lambda/domain/intervals.ts',
    find: 'if (stored === configured) return;',
    replace: 'if (stored > 0) return;',
    why: 'answers are right: functions of another length are deployed on live data, past the rule of the templates',
  },
];

export const MUTATIONS: readonly Mutation[] = [
  ...aggregate,
  ...archive,
  ...seal,
  ...compact,
  ...publish,
  ...reconcile,
  ...query,
  ...ingest,
  ...plan,
  ...formats,
  ...fixed,
];
