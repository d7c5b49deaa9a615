import java.io.FileInputStream;
import java.io.InputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Validates PDF files against PDF/UA-1: a line a file (result, checks, path), then a line a failed check. */
public class Check {
    public static void main(String[] paths) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        boolean all = true;
        for (String path : paths) {
            try (InputStream file = new FileInputStream(path);
                    PDFAParser parser = Foundries.defaultInstance().createParser(file, PDFAFlavour.PDFUA_1)) {
                PDFAValidator validator =
                        Foundries.defaultInstance().createValidator(PDFAFlavour.PDFUA_1, false);
                ValidationResult found = validator.validate(parser);
                String said = found.isCompliant() ? "passed" : "failed";
                System.out.println(said + " " + found.getTotalAssertions() + " " + path);
                for (TestAssertion one : found.getTestAssertions()) {
                    if (one.getStatus() == TestAssertion.Status.FAILED) {
                        System.out.println("  " + one.getRuleId().getClause() + ": " + one.getMessage());
                    }
                }
                all &= found.isCompliant();
            }
        }
        System.exit(all ? 0 : 1);
    }
}
