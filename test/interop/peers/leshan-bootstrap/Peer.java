import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.eclipse.leshan.client.LeshanClient;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.californium.endpoint.CaliforniumClientEndpointsProvider;
import org.eclipse.leshan.client.californium.endpoint.coap.CoapOscoreProtocolProvider;
import org.eclipse.leshan.client.californium.endpoint.coaps.CoapsClientProtocolProvider;
import org.eclipse.leshan.client.object.Oscore;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.DummyInstanceEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.RegisterRequest;

/** A device made of Leshan 2 that has a factory key and a bootstrap server, and nothing else. */
public class Peer {
    public static void main(String[] args) throws Exception {
        byte[] identity = args[2].getBytes("UTF-8");
        byte[] key = HexFormat.of().parseHex(args[3]);
        ObjectsInitializer initializer = new ObjectsInitializer();
        initializer.setInstancesForObject(0, Security.pskBootstrap(args[0], identity, key));
        initializer.setClassForObject(1, Server.class);
        initializer.setInstancesForObject(3, new SimpleInstanceEnabler(0, Map.of(0, (Object) "Leshan", 1, "M15", 3, "2.4.0", 16, "U")));
        initializer.setClassForObject(2, DummyInstanceEnabler.class);
        initializer.setClassForObject(21, Oscore.class);

        LeshanClientBuilder builder = new LeshanClientBuilder(args[1]);
        builder.setObjects(initializer.createAll());
        builder.setEndpointsProviders(new CaliforniumClientEndpointsProvider.Builder(
            new CoapOscoreProtocolProvider(), new CoapsClientProtocolProvider()).build());
        LeshanClient client = builder.build();
        client.addObserver(new LwM2mClientObserverAdapter() {
            @Override
            public void onBootstrapSuccess(LwM2mServer server, BootstrapRequest request) {
                System.out.println("bootstrapped");
            }

            @Override
            public void onBootstrapFailure(LwM2mServer server, BootstrapRequest request, ResponseCode code, String message, Exception cause) {
                System.out.println("bootstrap refused " + code + " " + message);
            }

            @Override
            public void onRegistrationSuccess(LwM2mServer server, RegisterRequest request, String registration) {
                System.out.println("registered " + server.getUri() + " " + server.getId());
            }
        });
        client.start();
    }
}
