// Reads a stream with the AWS SDK for JavaScript and its defaults, which for Kinesis are HTTP/2.
// Arguments: the folder with the SDK, the endpoint, the stream's ARN, a consumer's ARN. Prints what came, as JSON.
import { createRequire } from "node:module";

const [folder, endpoint, StreamARN, ConsumerARN] = process.argv.slice(2);
const sdk = createRequire(`${folder}/`)("@aws-sdk/client-kinesis");
const ShardId = "shardId-000000000000";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const client = new sdk.KinesisClient({ endpoint, region: "us-east-1", credentials });

const { ShardIterator } = await client.send(
  new sdk.GetShardIteratorCommand({ StreamARN, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
);
const { Records } = await client.send(new sdk.GetRecordsCommand({ ShardIterator, StreamARN }));

const { EventStream } = await client.send(
  new sdk.SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition: { Type: "LATEST" } }),
);
const pushed = [];
for (let number = 0; number < 3; number++) {
  const Data = Buffer.from(`pushed ${number}`);
  setTimeout(() => client.send(new sdk.PutRecordCommand({ StreamARN, PartitionKey: "k", Data })), 300 * (number + 1));
}
for await (const { SubscribeToShardEvent } of EventStream) {
  pushed.push(...SubscribeToShardEvent.Records.map(({ Data }) => Buffer.from(Data).toString()));
  if (pushed.length >= 3) break;
}
console.log(JSON.stringify({ read: Records.map(({ Data }) => Data.length), pushed }));
client.destroy();
process.exit(0);
