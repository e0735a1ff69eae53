import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/**
 * The views of the speed layer as a Kafka Streams application: exactly once, a store in memory with its changelog for each view, one
 * thread. As in the speed layer, counts are per partition and need no repartition topic. It checks less of a post than the speed layer.
 *
 * Arguments: brokers, folder of its state, number of posts, file for the counts. Prints posts and CPU seconds of the last three fifths.
 */
public class Count {
  static final ObjectMapper JSON = new ObjectMapper();
  static final int FIFTHS = 5;
  static final int COLD_FIFTHS = 2;
  static final String[] VIEWS = {
    "posts_by_category", "posts_by_country", "posts_by_media_type", "posts_by_minute", "category_by_country",
    "category_by_year", "category_by_age_group", "top_poster_by_country", "followers_by_age_group",
    "followers_by_join_year", "followers_by_join_year_age_group", "followers_by_post_year_age_group",
    "users_by_join_year",
  };
  static final AtomicLong seen = new AtomicLong();

  record Contribution(String view, String key, long value, boolean largest) {}

  static String text(JsonNode section, String field) {
    JsonNode value = section == null ? null : section.get(field);
    if (value == null || value.isNull()) return null;
    String trimmed = value.asText().trim();
    return trimmed.isEmpty() ? null : trimmed;
  }

  static Long followers(String text) {
    if (text == null || text.equals("User Info Error")) return null;
    char last = text.charAt(text.length() - 1);
    double factor = last == 'k' ? 1e3 : last == 'M' ? 1e6 : last == 'B' ? 1e9 : 1;
    return Math.round(Double.parseDouble(factor == 1 ? text : text.substring(0, text.length() - 1)) * factor);
  }

  static String ageGroup(int age) {
    return age < 18 ? null : age <= 24 ? "18-24" : age <= 35 ? "25-35" : age <= 50 ? "36-50" : "50+";
  }

  static String instant(String text) {
    return text.substring(0, 10).replace(':', '-') + "T" + text.substring(11, 19) + ".000Z";
  }

  static int mix(int hash) {
    hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
    return hash ^ (hash >>> 16);
  }

  static Contribution person(String year, String identity) {
    int a = 0x9747b28c;
    int b = 0x3c6ef372;
    for (int i = 0; i < identity.length(); i++) {
      int code = identity.charAt(i);
      a = Integer.rotateLeft((a ^ code) * 0xcc9e2d51, 15);
      b = Integer.rotateLeft((b ^ code) * 0x1b873593, 13);
    }
    int high = mix(a ^ identity.length() ^ mix(b));
    int low = mix(b ^ high);
    int rest = high << 14;
    int rank = rest != 0 ? Integer.numberOfLeadingZeros(rest) + 1 : 18 + Integer.numberOfLeadingZeros(low) + 1;
    return new Contribution("users_by_join_year", join(year, String.valueOf(high >>> 18)), rank, true);
  }

  static String join(String... values) {
    return String.join("\u001f", values);
  }

  static List<Contribution> contributions(JsonNode post, long timestamp) {
    List<Contribution> all = new ArrayList<>(VIEWS.length);
    JsonNode pin = post.get("pin");
    JsonNode geo = post.get("geo");
    JsonNode user = post.get("user");
    String category = text(pin, "category");
    if (category != null) category = category.toLowerCase(Locale.ROOT);
    String media = text(pin, "is_image_or_video");
    if (media != null && media.startsWith("multi-video")) media = "multi-video";
    String poster = text(pin, "poster_name");
    if ("User Info Error".equals(poster)) poster = null;
    Long count = followers(text(pin, "follower_count"));
    String country = text(geo, "country");
    String posted = text(geo, "timestamp");
    String year = posted == null ? null : posted.substring(0, 4);
    String joined = text(user, "date_joined");
    if (joined != null) joined = instant(joined);
    String joinYear = joined == null ? null : joined.substring(0, 4);
    String age = text(user, "age");
    String group = age == null ? null : ageGroup(Integer.parseInt(age));
    if (category != null) {
      String minute = Instant.ofEpochMilli(timestamp / 60_000 * 60_000).toString().substring(0, 16) + ":00.000Z";
      sum(all, "posts_by_category", category);
      sum(all, "posts_by_minute", minute);
    }
    sum(all, "posts_by_country", country);
    sum(all, "posts_by_media_type", media);
    sum(all, "category_by_country", country, category);
    sum(all, "category_by_year", year, category);
    sum(all, "category_by_age_group", group, category);
    if (country != null && poster != null && count != null) {
      all.add(new Contribution("top_poster_by_country", join(country, poster), count, true));
    }
    String followers = count == null ? null : String.valueOf(count);
    sum(all, "followers_by_age_group", group, followers);
    sum(all, "followers_by_join_year", joinYear, followers);
    sum(all, "followers_by_join_year_age_group", joinYear, group, followers);
    sum(all, "followers_by_post_year_age_group", year, group, followers);
    String first = text(user, "first_name");
    String last = text(user, "last_name");
    if (joined != null && first != null && last != null && age != null) {
      all.add(person(joinYear, join(first, last, age, joined)));
    }
    return all;
  }

  static void sum(List<Contribution> all, String view, String... values) {
    for (String value : values) if (value == null) return;
    all.add(new Contribution(view, join(values), 1, false));
  }

  static class Counting implements Processor<String, byte[], Void, Void> {
    final Map<String, KeyValueStore<String, Long>> stores = new HashMap<>();

    @Override
    public void init(ProcessorContext<Void, Void> context) {
      for (String view : VIEWS) stores.put(view, context.getStateStore(view));
    }

    @Override
    public void process(Record<String, byte[]> record) {
      try {
        for (Contribution each : contributions(JSON.readTree(record.value()), record.timestamp())) {
          KeyValueStore<String, Long> store = stores.get(each.view);
          Long before = store.get(each.key);
          if (!each.largest) store.put(each.key, before == null ? each.value : before + each.value);
          else if (before == null || before < each.value) store.put(each.key, each.value);
        }
      } catch (Exception error) {
        throw new RuntimeException(error);
      }
      seen.incrementAndGet();
    }
  }

  public static void main(String[] arguments) throws Exception {
    long posts = Long.parseLong(arguments[2]);
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench");
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L << 20);
    config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    config.put(StreamsConfig.STATE_DIR_CONFIG, arguments[1]);
    config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    config.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    config.put(StreamsConfig.consumerPrefix("max.poll.records"), 4_000);
    StreamsBuilder builder = new StreamsBuilder();
    for (String view : VIEWS) {
      builder.addStateStore(
          Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(view), Serdes.String(), Serdes.Long())
              .withCachingEnabled()
              .withLoggingEnabled(Map.of()));
    }
    builder.stream("posts", Consumed.with(Serdes.String(), Serdes.ByteArray())).process(Counting::new, VIEWS);
    KafkaStreams streams = new KafkaStreams(builder.build(), config);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          System.exit(1);
          return null;
        });
    OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    streams.start();
    long from = posts / FIFTHS * COLD_FIFTHS;
    while (seen.get() < from) Thread.sleep(1);
    long warm = seen.get();
    long before = system.getProcessCpuTime();
    while (seen.get() < posts) Thread.sleep(1);
    long cpu = system.getProcessCpuTime() - before;
    // What it has committed only after the last post is not in it, in its favour.
    System.out.printf(Locale.ROOT, "%d %.6f%n", posts - warm, cpu / 1e9);
    try (PrintWriter counts = new PrintWriter(Files.newBufferedWriter(Path.of(arguments[3])))) {
      for (String view : VIEWS) {
        var store =
            streams.store(
                StoreQueryParameters.fromNameAndType(view, QueryableStoreTypes.<String, Long>keyValueStore()));
        try (var rows = store.all()) {
          rows.forEachRemaining(row -> counts.printf("%s\t%s\t%d%n", view, row.key, row.value));
        }
      }
    }
    // Long enough for the last transaction.
    streams.close(Duration.ofSeconds(30));
    System.exit(0);
  }
}
