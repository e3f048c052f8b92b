import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.leshan.client.LeshanClient;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.californium.endpoint.CaliforniumClientEndpointsProvider;
import org.eclipse.leshan.client.californium.endpoint.coap.CoapClientProtocolProvider;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.send.ManualDataSender;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.model.ResourceModel.Operations;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.model.StaticModel;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.util.datatype.ULong;

/** A device made of Leshan 2: Device, and an object with a resource of every type. It is driven by lines on its standard input. */
public class Peer {
    static final int TYPES = 32800;

    static ResourceModel resource(int id, String name, Operations operations, boolean multiple, Type type) {
        return new ResourceModel(id, name, operations, multiple, false, type, "", "", "");
    }

    /** The same as test/interop/peers/leshan-1.1/types.xml, which the server reads. */
    static ObjectModel types() {
        return new ObjectModel(TYPES, "Types", "", "1.0", true, false,
            resource(0, "Text", Operations.RW, false, Type.STRING), resource(1, "Signed", Operations.RW, false, Type.INTEGER),
            resource(2, "Unsigned", Operations.RW, false, Type.UNSIGNED_INTEGER), resource(3, "Real", Operations.RW, false, Type.FLOAT),
            resource(4, "Flag", Operations.RW, false, Type.BOOLEAN), resource(5, "Bytes", Operations.RW, false, Type.OPAQUE),
            resource(6, "Moment", Operations.RW, false, Type.TIME), resource(7, "Link", Operations.RW, false, Type.OBJLNK),
            resource(8, "Links", Operations.RW, false, Type.CORELINK), resource(9, "Counters", Operations.RW, true, Type.INTEGER),
            resource(10, "Run", Operations.E, false, Type.NONE), resource(11, "Fixed", Operations.R, false, Type.INTEGER));
    }

    public static class Types extends SimpleInstanceEnabler {
        public Types() {}

        public Types(int id, Map<Integer, Object> values) {
            super(id, values);
        }

        @Override
        public ExecuteResponse execute(LwM2mServer server, int resource, Arguments arguments) {
            System.out.println("executed " + resource + " " + (arguments == null ? "" : arguments.serialize()));
            return resource == 10 ? ExecuteResponse.success() : super.execute(server, resource, arguments);
        }
    }

    static Map<Integer, Object> values() {
        Map<Integer, Object> values = new HashMap<>();
        values.put(0, "grün");
        values.put(1, -70000L);
        values.put(2, ULong.valueOf(5_000_000_000L));
        values.put(3, -43.5);
        values.put(4, true);
        values.put(5, new byte[] { 0, 1, (byte) 0xff });
        values.put(6, new Date(1_367_491_215_000L));
        values.put(7, new ObjectLink(3, 0));
        values.put(9, new HashMap<>(Map.of(0, 7L, 300, -1L)));
        values.put(11, 42L);
        return values;
    }

    public static void main(String[] args) throws Exception {
        List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadDefault());
        models.add(types());
        ObjectsInitializer initializer = new ObjectsInitializer(new StaticModel(models));
        Types instance = new Types(0, values());
        initializer.setInstancesForObject(0, Security.noSec(args[0], 123));
        initializer.setInstancesForObject(1, new Server(123, 300));
        initializer.setInstancesForObject(3, new SimpleInstanceEnabler(0, Map.of(0, (Object) "Leshan", 1, "M15", 3, "2.4.0", 16, "U")));
        initializer.setInstancesForObject(TYPES, instance);
        initializer.setClassForObject(TYPES, Types.class);

        LeshanClientBuilder builder = new LeshanClientBuilder(args[1]);
        builder.setObjects(initializer.createAll());
        builder.setDataSenders(new ManualDataSender());
        builder.setEndpointsProviders(new CaliforniumClientEndpointsProvider.Builder(new CoapClientProtocolProvider()).build());
        LeshanClient client = builder.build();
        client.start();

        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            if (words[0].equals("set")) {
                instance.write(LwM2mServer.SYSTEM, false, 1, org.eclipse.leshan.core.node.LwM2mSingleResource.newIntegerResource(1, Long.parseLong(words[1])));
            } else if (words[0].equals("send")) {
                LwM2mServer server = client.getRegisteredServers().values().iterator().next();
                ContentFormat format = words[1].equals("CBOR") ? ContentFormat.SENML_CBOR : ContentFormat.SENML_JSON;
                client.getSendService().sendData(server, format, Arrays.asList("/3/0/0", "/" + TYPES + "/0/1"), 5000);
            } else if (words[0].equals("collect")) {
                ManualDataSender sender = client.getSendService().getDataSender(ManualDataSender.DEFAULT_NAME, ManualDataSender.class);
                sender.collectData(Arrays.asList(new LwM2mPath("/" + TYPES + "/0/1")));
            } else if (words[0].equals("update")) {
                client.triggerRegistrationUpdate();
            } else if (words[0].equals("stop")) {
                client.destroy(true);
            }
            System.out.println("done " + line);
        }
    }
}
