import java.net.InetSocketAddress;
import org.eclipse.leshan.server.californium.LeshanServer;
import org.eclipse.leshan.server.californium.LeshanServerBuilder;

/** Eclipse Leshan's own LwM2M server as it comes, for the bench: NoSec, in memory. Prints its port. */
public class Server {
    public static void main(String[] args) {
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setLocalAddress("127.0.0.1", Integer.parseInt(args[0]));
        builder.disableSecuredEndpoint();
        LeshanServer server = builder.build();
        server.start();
        InetSocketAddress address = server.getUnsecuredAddress();
        System.out.println("listening " + address.getPort());
    }
}
