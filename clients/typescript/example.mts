import { PipelineClient } from './client.js';

const { INGEST_URL: ingestUrl = '', QUERY_URL: queryUrl = '', AWS_REGION: region, ...env } = process.env;
const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' };
const client = new PipelineClient({ ingestUrl, queryUrl, region, credentials });

const posts = [7, 8, 9].map((index) => ({ pin: { index, category: 'art', follower_count: '12k' } }));
const results = await client.send([...posts, { pin: { index: -1, category: 'art' } }]);
console.log(results.map(({ status }) => status));
const { data } = await client.query.GET('/views/{view}', { params: { path: { view: 'posts_by_category' } } });
console.log(data);
