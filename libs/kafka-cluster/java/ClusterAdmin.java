import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ElectionNotNeededException;

/**
 * Does what kafkajs cannot: preferred leader elections. One JVM for many of them, since a new one each time would cost
 * a second. It is run from source (java ClusterAdmin.java) and lives until its stdin ends.
 *
 * argument  the bootstrap servers
 * stdin     topic<TAB>number of partitions
 * stdout    "ok", or "error<TAB>what went wrong", one line for each line read
 */
public final class ClusterAdmin {
  public static void main(String[] args) throws Exception {
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0], "client.id", "kafka-cluster-admin"))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        System.out.println(answer(admin, line.split("\t")));
      }
    }
  }

  private static String answer(Admin admin, String[] command) {
    try {
      elect(admin, command[0], Integer.parseInt(command[1]));
      return "ok";
    } catch (Exception problem) {
      return "error\t" + String.valueOf(problem.getMessage()).replaceAll("\\s+", " ");
    }
  }

  private static void elect(Admin admin, String topic, int partitions) throws Exception {
    Set<TopicPartition> all = new HashSet<>();
    for (int partition = 0; partition < partitions; partition++) all.add(new TopicPartition(topic, partition));
    Map<TopicPartition, Optional<Throwable>> results =
        admin.electLeaders(ElectionType.PREFERRED, all).partitions().get();
    for (var result : results.entrySet()) {
      Throwable problem = result.getValue().orElse(null);
      // Led by the preferred replica already: what was wanted.
      if (problem == null || problem instanceof ElectionNotNeededException) continue;
      throw new IllegalStateException(result.getKey() + ": " + problem.getMessage());
    }
  }
}
